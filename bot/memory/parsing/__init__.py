"""From a file to its paragraphs and the pages they stand on; a hostile file costs a sentence."""
