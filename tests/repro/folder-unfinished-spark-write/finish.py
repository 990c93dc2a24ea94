"""Spark has finished, and somebody hid a part."""

import pathlib
import shutil

shutil.rmtree("claims/_temporary")
pathlib.Path("claims/_SUCCESS").touch()
shutil.copyfile("feb.csv", "claims/_part-00001.csv")
