"""An explanation as plain text, for a terminal or a letter, in the language of the document.

What comes in is the document, and nothing else; what goes out is text, a line for each statement. The words are those of the page.
"""
