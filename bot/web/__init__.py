"""The one web application: guards, problems in one form, health, static files, and the server."""
