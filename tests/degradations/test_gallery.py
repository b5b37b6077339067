import torch

from restora.degradations import all_presets, gallery


def test_the_sheet_holds_the_clean_picture_and_all_the_others(monkeypatch):
    monkeypatch.setattr(gallery, "TILE", (48, 64))
    photograph = torch.rand(3, 40, 90)
    sheet = gallery.gallery(photograph, seed=1)
    assert 0 <= sheet.min() <= sheet.max() <= 1
    step, across = 48 + gallery.CAPTION + gallery.MARGIN, 64 + gallery.MARGIN
    tiles = [
        sheet[:, 8 + row * step :, 8 + column * across :][:, :48, :64]
        for row in range(sheet.shape[1] // step)
        for column in range(gallery.COLUMNS)
    ]
    different = [tile for tile in tiles if not torch.equal(tile, torch.ones_like(tile))]
    # Clean and all together besides the presets, without the two that are others at random.
    assert len(different) == 1 + len(all_presets()) - 2 + 1
    assert all(not torch.equal(tile, different[0]) for tile in different[1:])
    caption = sheet[:, 8 + 48 : 8 + 48 + gallery.CAPTION, 8 : 8 + 64]
    assert caption.min() < 0.2
    assert torch.equal(sheet, gallery.gallery(photograph, seed=1))


def test_the_middle_of_the_photograph_is_shown(monkeypatch):
    monkeypatch.setattr(gallery, "TILE", (8, 8))
    monkeypatch.setattr(gallery, "_degradations", lambda: iter(()))
    photograph = torch.zeros(3, 8, 24)
    photograph[:, :, 8:16] = 0.5
    sheet = gallery.gallery(photograph)
    assert torch.equal(sheet[:, 8:16, 8:16], torch.full((3, 8, 8), 0.5))
