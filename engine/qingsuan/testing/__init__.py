"""For plugin authors: case files and the contract a plugin keeps."""
