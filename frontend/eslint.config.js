import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";

export default ts.config(
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.ts"],
    languageOptions: { parserOptions: { parser: ts.parser } },
    rules: {
      // names from data are text nodes, never markup
      "svelte/no-at-html-tags": "error",
      // the content policy allows no inline styles
      "svelte/no-inline-styles": "error",
      "no-restricted-properties": [
        "error",
        { property: "innerHTML", message: "Names are text nodes." },
        { property: "outerHTML", message: "Names are text nodes." },
        { property: "insertAdjacentHTML", message: "Names are text nodes." },
      ],
      "@typescript-eslint/no-explicit-any": "error",
      "svelte/no-navigation-without-resolve": "off",
    },
  },
);
