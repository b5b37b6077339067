"""A Slurm of two nodes on this machine, each with a network and a name of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from launching import environment, two_machines

NEEDED = ("munged", "slurmctld", "slurmd", "sbatch", "unshare", "ip")
IS_HERE = os.getuid() == 0 and all(map(shutil.which, NEEDED))

CONFIGURATION = """
ClusterName=restora
SlurmctldHost=n1(10.77.0.1)
SlurmUser=root
AuthInfo=socket={folder}/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=n1 NodeAddr=10.77.0.1 CPUs=64 Gres=gpu:1
NodeName=n2 NodeAddr=10.77.0.2 CPUs=64 Gres=gpu:1
PartitionName=all Nodes=ALL Default=YES State=UP
"""

# Ray ends what it takes for its processes wherever it sees them, and has its files in /tmp/ray.
OF_ITS_OWN = ("unshare", "--uts", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
AS_NODE = 'hostname "$0"; mount --bind "$1" /etc/hosts; mkdir -p /tmp/ray; mount -t tmpfs ray /tmp/ray; shift; "$@"; exit $?'


class Slurm:
    """Commands to a cluster that runs.

    Args:
        prefix: What starts a command on the first node.
        variables: Of the environment of commands and jobs.
    """

    def __init__(self, prefix: tuple[str, ...], variables: dict[str, str]) -> None:
        self._prefix, self._variables = prefix, variables

    def __call__(self, *words: object) -> str:
        """Run a command on the first node; return what it prints."""
        done = subprocess.run(
            [*self._prefix, *map(str, words)],
            env=self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    def facts(self, job: str) -> dict[str, str]:
        """Return what `scontrol show job` tells."""
        words = self("scontrol", "show", "job", "-o", job).split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def state(self, job: str) -> str:
        """Return the state of a job, such as RUNNING."""
        return self.facts(job)["JobState"]


@contextmanager
def slurm(folder: Path) -> Iterator[Slurm]:
    """Start a controller and two nodes; what they have is made up: 64 processors and a GPU each."""
    (folder / "state").mkdir()
    (folder / "hosts").write_text("127.0.0.1 localhost\n10.77.0.1 n1\n10.77.0.2 n2\n")
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o600)
    (folder / "slurm.conf").write_text(CONFIGURATION.format(folder=folder))
    (folder / "gpu").touch()
    (folder / "gres.conf").write_text(f"Name=gpu File={folder}/gpu\n")
    (folder / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")  # without groups; the other asks systemd
    variables = {**environment(), "SLURM_CONF": str(folder / "slurm.conf")}
    variables["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), variables["PATH"]])
    with ExitStack() as stack, (folder / "log.txt").open("ab") as log:
        machines = stack.enter_context(two_machines())
        nodes = [
            (*machine, *OF_ITS_OWN, "sh", "-c", AS_NODE, f"n{number}", f"{folder}/hosts")
            for number, machine in enumerate(machines, start=1)
        ]

        def start(*command: str) -> None:
            process = subprocess.Popen(command, env=variables, stdout=log, stderr=log)
            stack.callback(process.wait, 60)
            stack.callback(process.kill)  # and with it all that it has started

        paths = [f"--{kind}={folder}/munge.{kind}" for kind in ("pid-file", "log-file", "seed-file")]
        start(
            "munged",
            "--foreground",
            "--force",
            f"--key-file={folder}/key",
            f"--socket={folder}/munge",
            *paths,
        )
        start(*nodes[0], "slurmctld", "-D", "-i")
        for number, node in enumerate(nodes, start=1):
            start(*node, "slurmd", "-D", "-N", f"n{number}")
        cluster = Slurm(nodes[0], variables)
        for _ in range(60):
            time.sleep(0.5)
            with suppress(AssertionError):  # the controller does not answer yet
                if cluster("sinfo", "-h", "-o", "%D%t") == "2idle\n":
                    break
        else:
            raise AssertionError((folder / "log.txt").read_text())
        yield cluster
