"""The Telegram face: takes updates in, shows answers, and decides nothing.

Importing its modules loads aiogram, which takes seconds: import them where they are needed, not at the top.
"""
