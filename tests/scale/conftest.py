import pytest
from many_pictures import write_pictures


@pytest.fixture
def pictures(tmp_path):
    return write_pictures(tmp_path / "in", 8)


@pytest.fixture
def s3(monkeypatch):
    """Serve an empty bucket on the loopback, for this process and those that it starts."""
    boto3, s3fs, moto = (
        pytest.importorskip(name, reason="pip install s3fs 'moto[server]'")
        for name in ("boto3", "s3fs", "moto.server")
    )
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    boto3.client("s3").create_bucket(Bucket="bucket")
    yield "s3://bucket"
    server.stop()
