"""What a model may do on behalf of the asker, one file a tool."""
