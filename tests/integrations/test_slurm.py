"""The scripts for Slurm, submitted to two nodes as they stand: a training that is requeued, pictures by Ray."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from launching import distance
from many_pictures import OPTIONS, WORDS, contents, write_pictures
from recipes import miniature, write_photos
from slurm_cluster import IS_HERE, Slurm, slurm

import restora
from restora.training import Recipe, Trainer
from restora.training.checkpoint import load_checkpoint

SCRIPTS = Path(__file__).parents[2] / "integrations/many_machines"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not IS_HERE, reason="needs root, iproute2, and slurmctld, slurmd and munge of Debian"),
]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory):
    with slurm(tmp_path_factory.mktemp("slurm")) as running:
        yield running


def submit(cluster: Slurm, folder: Path, *words: object) -> str:
    """Return the number of a job, whose output goes into `NUMBER.txt`."""
    return cluster("sbatch", "--parsable", "--nodes=2", f"--output={folder}/%j.txt", *words).strip()


def wait_for(what: Callable[[], bool], seconds: float = 400) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.5)


def wait_for_the_end(cluster: Slurm, folder: Path, job: str) -> None:
    wait_for(
        lambda: cluster.state(job) not in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING", "REQUEUED")
    )
    assert cluster.state(job) == "COMPLETED", (folder / f"{job}.txt").read_text()[-5000:]


def steps_in(run: Path) -> list[int]:
    log = run / "log.jsonl"
    return [json.loads(line)["step"] for line in log.read_text().splitlines()] if log.exists() else []


def test_a_training_on_two_nodes_goes_on_when_its_time_was_over(cluster, tmp_path):
    photos = str(write_photos(tmp_path / "photos"))
    plan = miniature(
        None,
        data={"kind": "pairs", "degraded": photos, "clean": photos},
        degradation=None,
        model={"architecture": "derestormer", "variant": "tiny"},
        optimizer={"warmup": 0},
        stages=[{"steps": 40, "patch": 32, "batch": 8}],
        save_every=5,
    )
    (tmp_path / "plan.json").write_text(plan.model_dump_json())
    words = ("--gpus-per-node=1", SCRIPTS / "slurm_train.sh", tmp_path / "plan.json", "--run")
    job = submit(cluster, tmp_path, *words, tmp_path / "requeued")
    wait_for(lambda: len(steps_in(tmp_path / "requeued")) > 1)
    cluster("scancel", "--batch", "--signal=USR1", job)  # as --signal=B:USR1@120 does before the end
    wait_for(lambda: cluster.facts(job)["Restarts"] == "1")
    wait_for_the_end(cluster, tmp_path, job)
    undisturbed = submit(cluster, tmp_path, *words, tmp_path / "undisturbed")
    wait_for_the_end(cluster, tmp_path, undisturbed)
    one, other = (load_checkpoint(tmp_path / run / "last.pt").ema for run in ("requeued", "undisturbed"))
    assert all(torch.equal(value, other[name]) for name, value in one.items())
    assert (tmp_path / "requeued/miniature.safetensors").exists()
    single = Trainer(Recipe.model_validate_json(plan.model_dump_json()), tmp_path / "single")
    fresh = {name: value.clone() for name, value in single.network.state_dict().items()}
    assert single.run()
    assert distance(one, single.ema.averages) < 0.05 * distance(one, fresh)


def test_pictures_on_two_nodes_become_those_of_a_local_run(cluster, tmp_path):
    pytest.importorskip("ray", reason="pip install 'restora[ray]'")
    pictures = write_pictures(tmp_path / "in", 24)
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    words = ("--gpus-per-node=1", "--cpus-per-task=2", SCRIPTS / "slurm.sh", pictures, tmp_path / "out")
    job = submit(cluster, tmp_path, *words, *WORDS, "--json")
    wait_for_the_end(cluster, tmp_path, job)
    said = (tmp_path / f"{job}.txt").read_text()
    assert "2 workers of 1 cores and 1 GPU each" in said  # one for each node
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert sorted((line["source"], line["status"]) for line in lines) == sorted(
        (f"{pictures}/{name}", "restored") for name in contents(pictures)
    )
    assert contents(tmp_path / "out") == contents(tmp_path / "local")
