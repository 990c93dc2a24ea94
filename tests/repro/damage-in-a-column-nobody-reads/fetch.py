"""The file is fetched again."""

import shutil

shutil.copy("whole.parquet", "claims.parquet")
