"""A folder for each month; February's cannot be listed."""

import pathlib
import shutil

for month in ("jan", "feb"):
    pathlib.Path("claims", month).mkdir(parents=True)
    shutil.copyfile(f"{month}.csv", f"claims/{month}/{month}.csv")
pathlib.Path("claims/feb").chmod(0)
