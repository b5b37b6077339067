"""Restore a column of a table with Dask: python with_dask.py IN.parquet OUT [COLUMN]."""

import sys

import dask
import pyarrow as pa
from dask import dataframe
from pyarrow.dataset import dataset

import restora
from restora.scale.manifest import OUTCOME


def main(source: str, target: str, column: str = "image") -> None:
    """Read, restore partition by partition, write."""
    dask.config.set({"dataframe.convert-string": False})  # which takes bytes for text
    restoring = restora.BatchRestorer(column=column, task="denoise")
    photos = dataframe.read_parquet(source)
    restored = photos.map_partitions(restoring, meta=restoring(photos.head(0)))
    told = [field.with_name(f"restored_{field.name}") for field in OUTCOME]
    schema = pa.schema([*dataset(source).schema, pa.field("restored", pa.large_binary()), *told])
    restored.to_parquet(target, schema=schema, write_index=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
