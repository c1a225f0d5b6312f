"""Shows documents to people: `page` as HTML, `terminal` as plain or coloured text."""
