import fsspec
import pytest

from restora.errors import RestoraError
from restora.scale.planning import Order, plan_orders


def test_folders_lists_and_urls_in_one_run(pictures, s3, tmp_path):
    from restora.scale.places import store

    for name in ("a.png", "deep/b.jpg", "odd//c.png"):
        store(f"{s3}/more/{name}", b"picture")
    orders, missing = plan_orders(
        [str(pictures / "0.png"), f"{s3}/more", "nosuch.png", f"{s3}/nowhere"],
        f"{s3}/out",
        recursive=True,
        file_format="png",
    )
    assert orders == [
        Order(f"{pictures}/0.png", f"{s3}/out/0.png"),
        Order(f"{s3}/more/a.png", f"{s3}/out/a.png"),
        Order(f"{s3}/more/deep/b.jpg", f"{s3}/out/deep/b.png"),
        Order(f"{s3}/more/odd//c.png", f"{s3}/out/odd/c.png"),
    ]
    assert [name for name, _ in missing] == ["nosuch.png", f"{s3}/nowhere"]
    assert missing[1][1].startswith(f"{s3}/nowhere: there are no images")


def test_without_an_output_results_lie_beside(pictures):
    orders, _ = plan_orders([f"file://{pictures}"], None)
    assert Order(f"{pictures}/0.png", f"{pictures}/0-restored.png") in orders
    assert len(orders) == 6
    fsspec.filesystem("memory").pipe_file("/planned/a.png", b"")
    orders, _ = plan_orders(["memory:///planned"], None)
    assert orders == [Order("memory:///planned/a.png", "memory:///planned/a-restored.png")]


def test_a_picture_is_not_replaced_by_its_restoration(pictures):
    for inputs in ([str(pictures)], [f"file://{pictures}"]):
        orders, _ = plan_orders(inputs, inputs[0])
        assert all("would be replaced by its own restoration" in str(order.refusal) for order in orders)
        orders, _ = plan_orders(inputs, inputs[0], overwrite=True)
        assert not any(order.refusal for order in orders)


def test_nothing_is_written_to_the_web(pictures):
    with pytest.raises(RestoraError, match=r"http://host/out/0\.png: nothing can be written there"):
        plan_orders([str(pictures / "0.png")], "http://host/out")


def test_messages_name_urls_as_they_are(pictures):
    with pytest.raises(RestoraError, match=r"^memory://b/out\.nosuch: cannot write files"):
        plan_orders([str(pictures / "0.png")], "memory://b/out.nosuch")
