"""Ray: the bytes of a local run from a cluster, whatever is killed, with a line for every picture."""

import json
import os
import signal
import subprocess
import sys
import time
from io import StringIO

import pyarrow.parquet as pq
import pytest
import typer
from many_pictures import OPTIONS, WORDS, contents, write_pictures
from rich.console import Console

import restora
from restora.commands import on_ray
from restora.errors import RestoraError
from restora.scale import cluster, pipeline, places, table
from restora.scale.manifest import Manifest
from restora.scale.planning import plan_orders

ray = pytest.importorskip("ray", reason="pip install 'restora[ray]'")


@pytest.fixture
def alone():
    """Leave no cluster behind."""
    yield
    ray.shutdown()


@pytest.mark.slow
def test_from_folders_and_s3_to_s3_as_a_local_run_writes(tmp_path, s3, alone, restora_command):
    pictures = write_pictures(tmp_path / "in", 12)
    (tmp_path / "in" / "broken.png").write_bytes(b"broken")
    assert restora_command("restore", "in", "-o", "local", "-r", *WORDS).returncode == 1
    expected = contents(tmp_path / "local")
    for name in ("0.png", "1.jpg", "deep/3.tif"):  # a part lies elsewhere
        places.store(f"{s3}/in/{name}", (pictures / name).read_bytes())
        (pictures / name).unlink()
    words = ("restore", "in", f"{s3}/in", "-o", f"{s3}/out", "-r", "--on", "ray", "--workers", "2", *WORDS)
    run = restora_command(*words)
    assert run.returncode == 1, run.stderr
    assert sorted(run.stdout.split()) == sorted(f"{s3}/out/{name}" for name in expected)
    assert "in/broken.png: is not an image" in run.stderr
    for name, content in expected.items():
        assert places.fetch(f"{s3}/out/{name}") == content
    parts = places.names_in(f"{s3}/out/restora-manifest")
    lines = pq.read_table("bucket/out/restora-manifest", filesystem=places.file_system(s3)[0]).to_pylist()
    assert len(parts) >= 1
    assert {line["source"]: line["status"] for line in lines} == {
        **{f"{pictures}/{name}": "restored" for name in contents(pictures) if name != "broken.png"},
        **{f"{s3}/in/{name}": "restored" for name in ("0.png", "1.jpg", "deep/3.tif")},
        f"{pictures}/broken.png": "failed",
    }
    assert {line["weights"] for line in lines} == {"denoise-chair-tiny", None}
    # Again: what is noted is not looked at, what is not noted but there is skipped, what failed is tried again.
    places.store(f"{pictures}/broken.png", (pictures / "4.jpg").read_bytes())
    again = restora_command(*words, "--json")
    assert again.returncode == 0, again.stderr
    assert [json.loads(line)["source"] for line in again.stdout.splitlines()] == [f"{pictures}/broken.png"]
    assert "12 are done already, skipped" in again.stderr
    other = restora_command(*words, "--manifest", "notes", "--json")
    assert {json.loads(line)["status"] for line in other.stdout.splitlines()} == {"skipped"}
    assert len(Manifest(f"{tmp_path}/notes").finished()) == 13


@pytest.mark.slow
def test_tables_and_data_sets_of_ray(tmp_path, alone, restora_command):
    import pyarrow as pa

    before = contents(write_pictures(tmp_path / "in", 6))
    pq.write_table(pa.table({"name": [*before], "image": [*before.values()]}), tmp_path / "in.parquet")
    words = ("--column", "image", *WORDS)
    assert restora_command("restore-table", "in.parquet", "local", *words).returncode == 0
    expected = {row["name"]: row["restored"] for row in pq.read_table(tmp_path / "local").to_pylist()}
    run = restora_command("restore-table", "in.parquet", "out", *words, "--on", "ray")
    assert run.returncode == 0, run.stderr
    assert {row["name"]: row["restored"] for row in pq.read_table(tmp_path / "out").to_pylist()} == expected
    data = ray.data.read_parquet(str(tmp_path / "in.parquet"))
    rows = restora.restore_dataset(data, **OPTIONS).take_all()
    assert {row["name"]: row["restored"] for row in rows} == expected


@pytest.mark.slow
def test_workers_with_gpus_that_are_made_up(tmp_path, alone):
    import pyarrow as pa

    pictures = write_pictures(tmp_path / "in", 6)
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    expected = contents(tmp_path / "local")
    ray.init("local", num_cpus=2, num_gpus=1, include_dashboard=False)
    pool = cluster.Pool.fitting(threads=1)
    assert pool.gpus == 1.0
    orders, _ = plan_orders([str(pictures)], str(tmp_path / "out"), recursive=True)
    lines = [*pipeline.restore_all(orders, pipeline.Orders(pool, restoring=OPTIONS))]
    assert {line["error"] for line in lines} == {None}
    assert contents(tmp_path / "out") == expected
    before = contents(pictures)
    pq.write_table(pa.table({"name": [*before], "image": [*before.values()]}), tmp_path / "in.parquet")
    parts = table.plan_parts(f"{tmp_path}/in.parquet", f"{tmp_path}/table", "image")
    assert [line["restored"] for line in table.restore_parts(parts, pool, **OPTIONS)] == [6]
    data = restora.restore_dataset(ray.data.read_parquet(str(tmp_path / "in.parquet")), **OPTIONS)
    for rows in (pq.read_table(tmp_path / "table").to_pylist(), data.take_all()):
        assert {row["name"]: row["restored"] for row in rows} == expected


@pytest.mark.parametrize(("gpus", "expected"), [(0.0, None), (1.0, 7)])
def test_ray_is_told_the_rows_of_a_batch_where_workers_have_gpus(gpus, expected):
    class Data:
        def map_batches(self, worker, **options):
            return options["batch_size"]

    assert cluster.Pool(1, 1, gpus).restored(Data(), pipeline.BlockRestorer, rows=7) == expected


@pytest.fixture
def two_nodes():
    from ray.cluster_utils import Cluster

    nodes = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    nodes.add_node(num_cpus=2)
    cluster.connect(nodes.address)
    yield nodes
    ray.shutdown()
    nodes.shutdown()


def restored_by(worker: type, monkeypatch) -> None:
    """Let pools restore with another worker, which goes to other processes as it is."""
    real = cluster.Pool.restored
    monkeypatch.setattr(
        cluster.Pool, "restored", lambda pool, data, _, **options: real(pool, data, worker, **options)
    )


def worker_pids() -> list[int]:
    """Return the processes of `Slowly` among those that this one began."""
    import psutil

    return [
        child.pid
        for child in psutil.Process().children(recursive=True)
        if child.is_running() and "Slowly" in " ".join(child.cmdline())
    ]


@pytest.mark.slow
def test_killed_workers_and_a_killed_node_cost_what_is_in_flight(tmp_path, two_nodes, monkeypatch):
    class Slowly(pipeline.BlockRestorer):
        def restored(self, pictures):
            for one in super().restored(pictures):
                time.sleep(0.2)
                yield one

    restored_by(Slowly, monkeypatch)
    pictures = write_pictures(tmp_path / "in", 120)
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    orders, _ = plan_orders([str(pictures)], str(tmp_path / "out"), recursive=True)
    pool = cluster.Pool.fitting(3, threads=1)
    assert (pool.workers, pool.cores) == (3, 1)
    lines, killed = [], []
    for line in pipeline.restore_all(orders, pipeline.Orders(pool, restoring=OPTIONS)):
        lines.append(line)
        if len(lines) in (10, 30):
            killed.append(worker_pids()[0])
            os.kill(killed[-1], signal.SIGKILL)
        if len(lines) == 50:
            two_nodes.remove_node(two_nodes.list_all_nodes()[-1], allow_graceful=False)
    assert len(killed) == 2
    assert len([node for node in ray.nodes() if node["Alive"]]) == 1
    assert sorted(line["source"] for line in lines) == sorted(order.source for order in orders)
    assert {line["error"] for line in lines} == {None}
    assert contents(tmp_path / "out") == contents(tmp_path / "local")


@pytest.mark.slow
def test_a_picture_that_kills_its_worker_costs_no_other(tmp_path, alone, monkeypatch):
    class Deadly(pipeline.BlockRestorer):
        def restored(self, pictures):
            def passed():
                for picture in pictures:
                    if picture[0].endswith("7.tif"):
                        os.kill(os.getpid(), 9)
                    yield picture

            yield from super().restored(passed())

    restored_by(Deadly, monkeypatch)
    monkeypatch.setattr(pipeline, "BLOCK", 4)
    pictures = write_pictures(tmp_path / "in", 16)
    orders, _ = plan_orders([str(pictures)], str(tmp_path / "out"), recursive=True)
    cluster.connect()
    pool = cluster.Pool.fitting(1, threads=1)
    lines = [*pipeline.restore_all(orders, pipeline.Orders(pool, restoring=OPTIONS))]
    assert sorted(line["source"] for line in lines) == sorted(order.source for order in orders)
    failed = [line for line in lines if line["status"] == "failed"]
    assert [(line["source"], line["error"]) for line in failed] == [
        (f"{pictures}/deep/7.tif", f"{pictures}/deep/7.tif: {pipeline.LOST}")
    ]
    assert len(contents(tmp_path / "out")) == 15


@pytest.mark.slow
def test_a_run_whose_driver_is_killed_goes_on(tmp_path, two_nodes):
    pictures = write_pictures(tmp_path / "in", 60)
    restora.restore(pictures, tmp_path / "local", recursive=True, **OPTIONS)
    words = (
        sys.executable,
        "-m",
        "restora",
        "restore",
        "in",
        "-o",
        "out",
        "-r",
        "--on",
        "ray",
        "--address",
        two_nodes.address,
        "--json",
        *WORDS,
    )
    first = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert first.stdout is not None
    assert json.loads(first.stdout.readline())["status"] == "restored"
    first.kill()
    first.wait()
    begun, noted = contents(tmp_path / "out"), Manifest(f"{tmp_path}/out/restora-manifest").finished()
    second = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stderr
    statuses = [json.loads(line)["status"] for line in second.stdout.splitlines()]
    assert len(noted) < 60
    assert len(statuses) == 60 - len(noted)  # what has a line in the manifest is not looked at
    assert 1 <= len(noted) + statuses.count("skipped") <= max(len(begun), 1) + pipeline.BLOCK
    assert contents(tmp_path / "out") == contents(tmp_path / "local")


@pytest.mark.parametrize(
    ("there", "asked", "expected"),
    [
        ({"CPU": 1.0}, {}, (1, 1, 0.0)),
        ({"CPU": 2.0}, {"workers": 2}, (1, 1, 0.0)),  # one core has to be left for reading
        ({"CPU": 3.0}, {"workers": 2}, (2, 1, 0.0)),
        ({"CPU": 17.0}, {}, (4, 4, 0.0)),
        ({"CPU": 17.0}, {"threads": 1}, (16, 1, 0.0)),
        ({"CPU": 17.0}, {"workers": 2}, (2, 4, 0.0)),
        ({"CPU": 17.0}, {"reproducible": True}, (16, 1, 0.0)),
        ({"CPU": 96.0, "GPU": 8.0}, {}, (8, 8, 1.0)),
        ({"CPU": 96.0, "GPU": 8.0}, {"gpus": 0.5}, (16, 5, 0.5)),
        ({"CPU": 96.0, "GPU": 8.0}, {"gpus": 0.0}, (23, 4, 0.0)),
        ({"CPU": 96.0, "GPU": 8.0}, {"workers": 100, "threads": 6}, (100, 6, 1.0)),  # a cluster that grows
    ],
)
def test_pools_fit_and_leave_a_core(monkeypatch, there, asked, expected):
    monkeypatch.setattr(ray, "cluster_resources", lambda: there)
    pool = cluster.Pool.fitting(**asked)
    assert (pool.workers, pool.cores, pool.gpus) == expected


@pytest.mark.parametrize(("address", "expected"), [(None, ("local", True)), ("auto", ("auto", False))])
def test_without_an_address_no_cluster_is_taken_that_happens_to_run_here(monkeypatch, address, expected):
    asked = []
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    monkeypatch.setattr(ray, "init", lambda place, **options: asked.append((place, "num_cpus" in options)))
    cluster.connect(address)
    assert asked == [expected]


def test_failures_are_named_once_more_at_the_end(pictures, tmp_path, monkeypatch):
    def lines(orders, run):
        for i, order in enumerate(orders):
            done = {
                "source": order.source,
                "target": order.target,
                "status": "restored",
                "megapixels": 1.0,
                "weights": None,
                "seconds": 1.0,
            }
            words = f"{order.source}: is damaged" if i < 3 else None
            yield {**done, "error": words, **({"status": "failed"} if words else {})}

    monkeypatch.setattr(cluster, "connect", lambda address: None)
    monkeypatch.setattr(cluster, "pool_for", lambda cluster, restoring: cluster)
    monkeypatch.setattr(pipeline, "restore_all", lines)
    monkeypatch.setattr(on_ray, "LISTED", 3)
    said = StringIO()
    with pytest.raises(typer.Exit):
        on_ray.restore_on_ray(
            [f"{pictures}", f"{tmp_path}/nosuch.png"],
            f"{tmp_path}/out",
            None,
            Console(file=said, width=1000),
            naming={"recursive": True},
            restoring=OPTIONS,
            cluster={"address": None},
            overwrite=False,
            as_json=True,
        )
    _, _, end = said.getvalue().partition("4 failed, 5 restored; ")
    names = [line.rpartition(": ")[0].rpartition("/")[2] for line in end.splitlines()[2:-1]]
    assert names == ["nosuch.png", *map(os.path.basename, sorted(contents(pictures))[:2])], end
    assert end.splitlines()[1] == "failed:"
    assert end.splitlines()[-1] == "and 1 more"


def test_a_gpu_that_is_not_there_is_refused(monkeypatch):
    monkeypatch.setattr(ray, "cluster_resources", lambda: {"CPU": 4.0})
    with pytest.raises(RestoraError, match="1 GPUs are asked for each worker, the cluster has 0"):
        cluster.Pool.fitting(gpus=1.0)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("in", "-o", "out", "--on", "ray", "--watch"), "leave out -, and --watch to --open"),
        (("-", "-o", "out", "--on", "ray"), "leave out -, and --watch to --open"),
        (("in", "--on", "ray"), "name a folder for the results, or one with --manifest"),
        (("in", "-o", "out", "--on", "ray", "--task", "nosuch"), "nosuch"),
        (
            ("in", "-o", "out", "--on", "ray", "--address", "127.0.0.1:1"),
            "there is no cluster of Ray at 127.0.0.1:1",
        ),
        (("in", "-o", "out", "--workers", "2", "--gpus-per-worker", "1"), "are for --on ray; add it"),
        (
            ("s3://bucket/in", "-o", "out"),
            "s3://bucket/in: is not on this machine; --on ray reads and writes it",
        ),
    ],
)
def test_wrong_use_ends_in_a_line(pictures, restora_command, words, message):
    run = restora_command("restore", *words)
    assert run.returncode == 2
    assert message in " ".join(run.stderr.split())
