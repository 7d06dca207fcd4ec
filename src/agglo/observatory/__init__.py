"""The local web application: pages as data, a JSON API over released tables, exports."""
