"""The product without a Telegram account: Bot API emulator, rehearsal model, messenger page."""
