import shutil
import ssl
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from many_pictures import write_pictures

AZURITE = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"  # which every Azurite has
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:{port}/devstoreaccount1;"
)


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


def settings(monkeypatch, protocol: str, **options: object) -> None:
    """Set fsspec's own settings of a protocol, as its environment or files of settings would."""
    import fsspec

    monkeypatch.setitem(fsspec.config.conf, protocol, options)
    fsspec.get_filesystem_class(protocol).clear_instance_cache()


@pytest.fixture
def gs(monkeypatch):
    """Serve an empty bucket like Google's on the loopback, for this process, without credentials."""
    monkeypatch.setenv(
        "GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false"
    )  # which asks by gRPC, and no emulator answers
    pytest.importorskip("gcsfs", reason="pip install gcsfs gcp-storage-emulator")
    emulator = pytest.importorskip("gcp_storage_emulator.server", reason="pip install gcp-storage-emulator")
    server = emulator.create_server("127.0.0.1", 0, in_memory=True, default_bucket="bucket")
    server.start()
    port = server._api._httpd.socket.getsockname()[1]
    settings(monkeypatch, "gs", token="anon", endpoint_url=f"http://127.0.0.1:{port}")
    yield "gs://bucket"
    server.stop()


@pytest.fixture
def az(monkeypatch, tmp_path):
    """Serve an empty container like Microsoft's on the loopback, for this process, with a key that everybody knows."""
    pytest.importorskip("adlfs", reason="pip install adlfs")
    blob = pytest.importorskip("azure.storage.blob", reason="pip install azure-storage-blob")
    if shutil.which("azurite-blob") is None:
        pytest.skip("needs azurite-blob; npm install azurite")
    words = ("azurite-blob", "--blobPort", "0", "--inMemoryPersistence", "--skipApiVersionCheck")
    server = subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    said = next(line for line in server.stdout if "successfully listen" in line)
    connection = AZURITE.format(port=said.strip().rpartition(":")[2])
    blob.BlobServiceClient.from_connection_string(connection).create_container("bucket")
    settings(monkeypatch, "az", connection_string=connection)
    yield "az://bucket"
    server.kill()
    server.wait()


@pytest.fixture
def https(monkeypatch, tmp_path):
    """Serve a folder on the loopback by HTTPS, with a certificate made for it; gives its URL and the folder."""
    pytest.importorskip("aiohttp", reason="pip install aiohttp")
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl")
    files, key, folder = tmp_path / "certificate.pem", tmp_path / "key.pem", tmp_path / "served"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost"
    names = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", files)
    subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files, key)
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=folder)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings(monkeypatch, "https", ssl=ssl.create_default_context(cafile=files))
        yield f"https://127.0.0.1:{server.server_port}", folder
        server.shutdown()
