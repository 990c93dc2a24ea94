"""One month in the folder, one behind a link."""

import pathlib
import shutil

for folder in ("claims", "nas"):
    pathlib.Path(folder).mkdir()
shutil.copyfile("jan.csv", "claims/jan.csv")
shutil.copyfile("feb.csv", "nas/feb.csv")
pathlib.Path("claims/feb").symlink_to("../nas")
