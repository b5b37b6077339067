"""Every sample read and written in every format, judged by exiftool and ImageMagick: kept, named, or lost."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from metadata_samples import Sample, samples

from restora.images import losses, read, write
from restora.images.formats import FORMATS, lacks_package

JUDGES = ("exiftool", "identify")
TARGETS = tuple(each.suffixes[0] for each in FORMATS if each.dtypes and not lacks_package(each))

Said = Mapping[str, str]
"""What a judge says of a file, by name."""

# How a file stores its pixels, and what follows from its name or its other tags. IFD1 is the thumbnail of the picture as it
# was, which restora removes on purpose.
_GROUPS = re.compile(
    r"QuickTime|Meta|Jpeg2000|System|Composite|ExifTool|RIFF|GIF|IFD1|InteropIFD|Adobe|SourceFile"
)
_STORAGE = re.compile(
    r"File(Type|TypeExtension|Size)|MIMEType|(Exif)?ByteOrder|CurrentIPTCDigest|(Exif)?Image(Width|Height)|EncodingProcess"
    r"|BitsPerSample|ColorComponents|YCbCr\w+|BitDepth|ColorType|Compression|Filter|Interlace|JFIFVersion|Palette"
    r"|Photometric\w+|Strip\w+|Tile\w+|Samples\w+|RowsPerStrip|PlanarConfiguration|Predictor|SampleFormat|SubfileType"
    r"|BMPVersion|Planes|ImageLength|Num(Colors|ImportantColors)|(Red|Green|Blue|Alpha)Mask|ColorSpace|RenderingIntent"
    r"|ProfileDataOffset|ProfileSize|Gamma(Red|Green|Blue)|(Red|Green|Blue)Endpoint|PixelUnits|ResolutionUnit|ExtraSamples"
    r"|XMPToolkit|ExifVersion|HasExtendedXMP|Orientation"
)
_COLOURS = ("QuickTime:ColorPrimaries", "QuickTime:TransferCharacteristics")
_UNREMARKABLE = ("1", "2", "13")  # numbers of sRGB, and of nothing said
_EQUAL = {"PixelsPerUnitX": "XResolution", "PixelsPerUnitY": "YResolution", "PixelsPerMeterX": "XResolution"}
_EQUAL |= {"PixelsPerMeterY": "YResolution", "PixelAspectRatio": "XResolution"}
_NAMED = {
    r"XMP|profile.(xmp|app1:)": r"XMP",
    r"IPTC|Photoshop|profile.(iptc|8bim)": r"IPTC|Photoshop|iTXt|tEXt|zTXt",
    r"ICC": r"colour profile",
    r"QuickTime": r"colour space",
    r"PNG|profile.icc": r"PNG chunks|colour space|colour profile|shape of the pixels|IPTC|Photoshop",
    r"Ducky|FlashPix|profile.app\d\d": r"JPEG segments",
    r"comment|File:Comment": r"comment",
    r"profile.exif|IFD0|ExifIFD|GPS|MakerNotes": r"EXIF|TIFF tags|floats|shape of the pixels",
    r"JFIF|resolution|GIF": r"shape of the pixels",
    r"[\w-]+:[XY]Resolution": r"resolution",
}
"""Groups of tags, and the words of which one must be said where a tag of the group is not kept."""


@dataclass(frozen=True)
class Verdict:
    """What became of a sample in a format.

    Attributes:
        sample: What was read.
        target: Suffix of what was written.
        notes: What restora said.
        seen: How many tags the judges saw in the source.
        lost: What the judges miss and restora did not name.
        missed: What the judges miss and restora named.
    """

    sample: Sample
    target: str
    notes: tuple[str, ...]
    seen: int
    lost: tuple[str, ...]
    missed: tuple[str, ...]


def verdicts(folder: Path) -> Iterator[Verdict]:
    """Convert every sample to every format and let the judges compare."""
    notes: dict[tuple[Path, Path], tuple[Sample, tuple[str, ...]]] = {}
    for number, sample in enumerate(samples()):
        source = folder / f"{number:03}{sample.suffix}"
        source.write_bytes(sample.data)
        photograph = read(source)
        for target in TARGETS:
            made = write(folder / f"{number:03}-to{target}", photograph)
            notes[source, made] = sample, (*photograph.notes, *losses(made, photograph))
    judged = [_exiftool(folder), _identify(folder)]
    # ImageMagick does not look everywhere: it is asked for what it finds in some source of the same format.
    seen = {(source.suffix, _name(tag)) for source, _ in notes for tag in judged[1][source.name]}
    for (source, made), (sample, said) in notes.items():
        tags = sum(len(list(_missing(judge[source.name], {}, sample, made))) for judge in judged)
        missing = [
            tag
            for judge in judged
            for tag in _missing(judge[source.name], judge[made.name], sample, made)
            if judge is judged[0] or (made.suffix, _name(tag)) in seen
        ]
        lost = [tag for tag in missing if not _is_named(tag, said)]
        missed = [tag for tag in missing if tag not in lost]
        yield Verdict(sample, made.suffix, said, tags, tuple(lost), tuple(missed))


def missing_judges() -> list[str]:
    """Return the programs that are not installed."""
    return [name for name in JUDGES if shutil.which(name) is None]


def _missing(before: Said, after: Said, sample: Sample, made: Path) -> Iterator[str]:
    """Yield the names of what a judge said of a file and not of the file made from it, wherever it stands there."""
    same_format = made.suffix == sample.suffix
    values = {(_name(tag), _value(value)) for tag, value in after.items()}
    for tag, value in before.items():
        watched = same_format and _name(tag) in sample.watch
        named = tag == "GIF:PixelAspectRatio" or (tag in _COLOURS and value not in _UNREMARKABLE)
        stored = _GROUPS.match(tag) and not named
        if (stored or _STORAGE.fullmatch(tag.partition(":")[2])) and not watched:
            continue
        if (_name(tag), _value(value)) not in values:
            yield tag


def _name(tag: str) -> str:
    name = tag.rpartition(":")[2]
    return _EQUAL.get(name, name)


def _value(value: str) -> str:
    """Round numbers, which formats store in different units and to different digits."""
    try:
        return " ".join(f"{float(part):.2g}" for part in value.split())
    except ValueError:
        return value.strip()


def _is_named(tag: str, notes: tuple[str, ...]) -> bool:
    words = "|".join(words for groups, words in _NAMED.items() if re.match(groups, tag))
    return bool(words) and any(re.search(words, note) for note in notes)


def _exiftool(folder: Path) -> dict[str, Said]:
    command = ["exiftool", "-json", "-G1", "-a", "-u", "-n", "-fast0", str(folder)]
    answers = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    said: dict[str, Said] = {}
    for answer in answers:
        tags = {tag: str(value) for tag, value in answer.items()}
        _in_dots_per_inch(tags)
        said[Path(answer["SourceFile"]).name] = tags
    return said


def _in_dots_per_inch(tags: dict[str, str]) -> None:
    """Bring resolutions to dots per inch, and densities without a unit to the ratio of the two."""
    for x, y, unit, metres in (
        ("PNG-pHYs:PixelsPerUnitX", "PNG-pHYs:PixelsPerUnitY", "PNG-pHYs:PixelUnits", "1"),
        ("JFIF:XResolution", "JFIF:YResolution", "JFIF:ResolutionUnit", ""),
        ("IFD0:XResolution", "IFD0:YResolution", "IFD0:ResolutionUnit", ""),
        ("File:PixelsPerMeterX", "File:PixelsPerMeterY", "", ""),
        ("Jpeg2000:DisplayXResolution", "Jpeg2000:DisplayYResolution", "", ""),
    ):
        if x not in tags:
            continue
        horizontal, vertical = float(tags.pop(x)), float(tags.pop(y))
        number = tags.get(unit, "1")
        none = number == {"JFIF": "0", "IFD0": "1"}.get(x[:4], "0")
        if none and horizontal != vertical:
            tags[x.partition(":")[0] + ":PixelAspectRatio"] = f"{vertical / horizontal:.2f}"
        elif not none and horizontal:
            scale = 0.0254 if number == metres or not unit else 1
            tags[x.partition(":")[0] + ":XResolution"] = f"{horizontal * scale:.0f}"
            tags[x.partition(":")[0] + ":YResolution"] = f"{vertical * scale:.0f}"


def _identify(folder: Path) -> dict[str, Said]:
    """Return the profiles that ImageMagick finds, with their bytes, the comment, and what it knows of a PNG's chunks."""
    said: dict[str, Said] = {}
    for path in sorted(folder.iterdir()):
        done = subprocess.run(
            ["identify", "-verbose", str(path)], capture_output=True, text=True, errors="replace"
        )
        tags = {}
        for line in done.stdout.splitlines():
            if found := re.match(r"\s+Profile-(\w+): \d+ bytes", line):
                tags[f"profile.{found[1]}:{found[1]}"] = "there"
            elif found := re.match(r"\s+[Cc]omment: (.*)", line):
                tags["comment:Comment"] = found[1]
            elif found := re.match(r"\s+png:(bKGD|tIME|cHRM|gAMA|oFFs|sBIT): (.*)", line):
                tags[f"PNG:{found[1]}"] = found[2]
        said[path.name] = tags
    return said
