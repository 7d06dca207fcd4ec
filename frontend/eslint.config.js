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
      // style directives set properties, which the content policy allows; style attributes
      // are refused by tests/observatory/test_bundle.py
      "svelte/no-inline-styles": "off",
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
