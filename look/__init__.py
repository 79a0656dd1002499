"""How the product looks and speaks: units, times, badges and icons, for pages, admin and mails."""
