"""What the public may see of studies over single establishments: rules, columns, counts, reasons.

`rules` and `columns` say what is released, `reasons` why the rest is not; `tables` applies
them to a study. `ties`, `mixing`, `strengths` and `formation` suppress and audit cells,
`anew` computes what follows from them, and `freedom` counts whether estimates could be
solved for what is hidden.
"""
