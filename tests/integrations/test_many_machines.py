"""What is ready to be copied: descriptions of clusters that parse and say what the code takes, examples that run."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import typer
import yaml
from many_pictures import noisy

from restora.commands.app import load_command
from restora.images import Photograph, encode

FOLDER = Path(__file__).parents[2] / "integrations/many_machines"


@pytest.fixture
def photos(tmp_path):
    pictures = [encode(Photograph(noisy(i))) for i in range(5)] + [b"broken"]
    pq.write_table(
        pa.table({"image": pictures, "number": [*range(6)]}), tmp_path / "in.parquet", row_group_size=3
    )
    return tmp_path / "in.parquet"


def restored_by(example: str, source: Path, target: Path) -> list[dict]:
    runpy.run_path(str(FOLDER / example))["main"](str(source), str(target))
    return sorted(pq.read_table(target).to_pylist(), key=lambda row: row["number"])


def assert_restored(rows: list[dict], count: int) -> None:
    assert [row["number"] for row in rows] == [*range(count)]
    assert all(row["restored"][:4] == b"\x89PNG" and row["restored"] != row["image"] for row in rows[:5])


def test_dask(photos, tmp_path):
    pytest.importorskip("dask.dataframe", reason="pip install 'dask[dataframe]'")
    rows = restored_by("with_dask.py", photos, tmp_path / "out")
    assert_restored(rows, 6)
    assert rows[5]["restored_status"] == "failed"


@pytest.mark.slow
def test_ray(photos, tmp_path):
    ray = pytest.importorskip("ray", reason="pip install 'restora[ray]'")
    try:
        assert_restored(restored_by("with_ray.py", photos, tmp_path / "out"), 5)
    finally:
        ray.shutdown()


@pytest.mark.slow
def test_spark(photos, tmp_path, monkeypatch):
    sql = pytest.importorskip("pyspark.sql", reason="pip install pyspark pandas; needs Java 17")
    monkeypatch.setenv("PYSPARK_SUBMIT_ARGS", "--master local[1] --conf spark.ui.enabled=false pyspark-shell")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    try:
        rows = restored_by("with_spark.py", photos, tmp_path / "out")
    finally:
        sql.SparkSession.builder.getOrCreate().stop()
    assert_restored(rows, 6)
    assert [row["restored_status"] for row in rows] == ["restored"] * 5 + ["failed"]
    assert "is not an image" in rows[5]["restored_error"]


def options_of(words: list[str], name: str = "restore") -> None:
    """Refuse a command line that restora does not take."""
    assert words[:2] == ["restora", name]
    command = load_command(name)
    with typer.Context(command) as context:
        command.parse_args(context, words[2:])


def test_descriptions_of_clusters():
    text = (FOLDER / "cluster.yaml").read_text()
    (command,) = re.findall(r"^#   ray exec cluster.yaml '(.+)'$", text, re.MULTILINE)
    options_of(command.split())
    cluster = yaml.safe_load(text)
    kinds = cluster["available_node_types"]
    assert cluster["head_node_type"] in kinds
    assert all(kind.get("max_workers", 0) <= cluster["max_workers"] for kind in kinds.values())
    job = yaml.safe_load((FOLDER / "kuberay-job.yaml").read_text())
    assert (job["apiVersion"], job["kind"]) == ("ray.io/v1", "RayJob")
    options_of(job["spec"]["entrypoint"].split())
    version = job["spec"]["rayClusterSpec"]["rayVersion"]
    assert f"ray=={version}\n" in (FOLDER.parents[1] / "constraints.txt").read_text()
    assert f"rayproject/ray:{version}-" in (FOLDER / "Dockerfile").read_text()


def test_ray_takes_the_descriptions_of_clusters():
    pytest.importorskip("ray", reason="pip install 'restora[ray]'")
    from ray.autoscaler._private.kuberay.autoscaling_config import _derive_autoscaling_config_from_ray_cr
    from ray.autoscaler._private.util import prepare_config, validate_config

    cluster = yaml.safe_load((FOLDER / "cluster.yaml").read_text())
    validate_config(prepare_config(cluster))  # as `ray up` does before it asks the cloud
    job = yaml.safe_load((FOLDER / "kuberay-job.yaml").read_text())
    # As the autoscaler reads what KubeRay makes of the job.
    read = _derive_autoscaling_config_from_ray_cr(
        {"metadata": {"name": "restora", "namespace": "default"}, "spec": job["spec"]["rayClusterSpec"]}
    )
    nodes = {
        name: (node["resources"], node["max_workers"]) for name, node in read["available_node_types"].items()
    }
    assert nodes == {
        "headgroup": ({"CPU": 0, "memory": 32 * 2**30}, 0),
        "gpu": ({"CPU": 46, "GPU": 4, "memory": 180 * 2**30}, 25),
    }
    words = job["spec"]["entrypoint"].split()
    assert words[words.index("--workers") + 1] == str(25 * 4)


SCONTROL = "#!/bin/sh\necho 127.0.0.1\n"
SRUN = """#!/bin/sh
echo "$RAY_AUTH_MODE ${#RAY_AUTH_TOKEN}" >&2
echo "$@"
while [ "$1" != -- ]; do shift; done
shift
${RAY:-"$@"}
"""


@pytest.fixture
def on_slurm(tmp_path, monkeypatch):
    """Two nodes of which the programs of Slurm tell; `srun` says what it is to start, and does, of Ray only the command."""
    for name, text in {"scontrol": SCONTROL, "srun": SRUN, "restora": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    settings = {"SLURM_JOB_NODELIST": "n[1-2]", "SLURM_JOB_NUM_NODES": "2", "SLURM_CPUS_PER_TASK": "48"}
    for name, value in {**settings, "SLURM_GPUS_ON_NODE": "4", "SLURM_JOB_ID": "7"}.items():
        monkeypatch.setenv(name, value)


ON_SLURM = ("bash", FOLDER / "slurm.sh", "in", "out dir", "--task", "denoise")


def test_slurm(on_slurm):
    done = subprocess.run(ON_SLURM, capture_output=True, text=True, check=True)
    assert done.stderr == "token 64\n"  # else nodes are refused where the user has a token of Ray's
    ray, _, restora = done.stdout.partition(" -- ")
    assert ray == (
        "--nodes=2 --cpus-per-task=48 ray symmetric-run --address 127.0.0.1:6379 --min-nodes 2 --num-cpus 48 --num-gpus 4"
    )
    restora = restora[restora.index("restora ") :]
    options_of(restora.split())
    assert restora.split()[-2:] == ["--task", "denoise"]


def test_a_ray_that_did_not_start_on_slurm_is_a_failure(on_slurm, monkeypatch):
    monkeypatch.setenv("RAY", "true")  # symmetric-run ends well where Ray does not start
    done = subprocess.run(ON_SLURM, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("Ray did not start; submit this again\n")


def test_training_on_slurm(on_slurm):
    words = ["bash", FOLDER / "slurm_train.sh", "mine.yaml", "--set", "save_every=50", "--run", "runs/mine"]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stdout
    launch, _, restora = said.partition(" -m -- ")
    assert launch == (
        "--cpus-per-task=48 torchrun --nnodes 2 --nproc_per_node 4 --max-restarts 10"
        " --rdzv_backend c10d --rdzv_endpoint 127.0.0.1:29500 --rdzv_id 7"
    )
    options_of(restora.split(), "train")
    assert restora.split()[2:] == [*map(str, words[2:]), "--resume"]
