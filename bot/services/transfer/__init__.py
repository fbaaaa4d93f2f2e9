"""Export and import: one vocabulary of records, whatever the file looks like."""
