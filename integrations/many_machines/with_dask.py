"""Restore a column of a table with Dask: python with_dask.py IN.parquet OUT [COLUMN]."""

import sys

import dask
import pyarrow as pa
from dask import dataframe

import restora


def main(source: str, target: str, column: str = "image") -> None:
    """Read, restore partition by partition, write."""
    dask.config.set({"dataframe.convert-string": False})  # which takes bytes for text
    restoring = restora.BatchRestorer(column=column, task="denoise")
    photos = dataframe.read_parquet(source)
    restored = photos.map_partitions(restoring, meta=restoring(photos.head(0)))
    schema = {"restored_losses": pa.list_(pa.string()), "restored_notes": pa.list_(pa.string())}
    restored.to_parquet(target, schema=schema)


if __name__ == "__main__":
    main(*sys.argv[1:])
