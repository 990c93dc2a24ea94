"""One cluster for all tests here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest

from spark_cluster import Cluster


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    home = Path(pyspark.__file__).parent
    folder = tmp_path_factory.mktemp("spark")
    conf = folder / "conf"
    conf.mkdir()
    (conf / "spark-defaults.conf").write_text(
        "spark.driver.host 127.0.0.1\n"
        "spark.driver.bindAddress 127.0.0.1\n"
        "spark.ui.enabled false\n"
        "spark.driver.memory 1g\n"
        "spark.executor.memory 1g\n"
        "spark.executor.cores 1\n"
        "spark.log.level ERROR\n"
        f"spark.local.dir {folder / 'local'}\n"
    )
    shared = {"SPARK_CONF_DIR": str(conf), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_HOME": str(home)}
    shared["SPARK_DAEMON_MEMORY"] = "512m"
    os.environ.update(shared)
    cluster = Cluster(home, folder)
    try:
        here = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        cluster.master = cluster.start("master", *here)
        for number in (1, 2):
            work = str(folder / f"work-{number}")
            cluster.start(
                f"worker-{number}", *here, "--cores", "1", "--memory", "1g", "--work-dir", work, cluster.master
            )
        yield cluster
    finally:
        cluster.stop()
        for name in shared:
            del os.environ[name]
