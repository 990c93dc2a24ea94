"""A cluster of separate processes on loopback: a standalone master, two workers, their executors."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

_UP_SECONDS = 120


@dataclass
class Cluster:
    """The cluster: where its master is, and its processes."""

    home: Path
    folder: Path
    master: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, name: str, *arguments: str) -> str:
        """Start a daemon and wait for the address it got; its log is in the folder."""
        log = self.folder / f"{name}.log"
        kind = "Master" if name == "master" else "Worker"
        command = [str(self.home / "bin" / "spark-class"), f"org.apache.spark.deploy.{kind.lower()}.{kind}", *arguments]
        with log.open("wb") as out:
            self.processes.append(subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT))
        until = time.monotonic() + _UP_SECONDS
        sign = r"Starting Spark master at (\S+)" if kind == "Master" else r"Successfully registered with master (\S+)"
        while time.monotonic() < until:
            found = re.search(sign, log.read_text("utf8", "replace"))
            if found:
                return found[1]
            if self.processes[-1].poll() is not None:
                break
            time.sleep(0.2)
        raise RuntimeError(f"{name} did not start:\n{log.read_text('utf8', 'replace')[-2000:]}")

    def stop(self) -> None:
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def executors(self) -> list[int]:
        """Process ids of the running application's executors: children of our workers."""
        workers = {process.pid for process in self.processes}
        found: dict[str, list[int]] = {}
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
                words = (folder / "cmdline").read_text().split("\0")
                if parent in workers and "--app-id" in words:
                    found.setdefault(words[words.index("--app-id") + 1], []).append(int(folder.name))
        return found[max(found)] if found else []  # an earlier application's may still be ending

    def kill_executor(self) -> int:
        """Kill one, as a machine does that dies."""
        pid = self.executors()[0]
        os.kill(pid, signal.SIGKILL)
        return pid
