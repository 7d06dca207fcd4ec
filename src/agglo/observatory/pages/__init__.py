"""The pages of the menu, in its order. A page is data; see ``observatory/page.py``."""
