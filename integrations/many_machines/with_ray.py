"""Restore a column of a table within a pipeline of Ray Data: python with_ray.py IN.parquet OUT [COLUMN]."""

import sys

import ray

import restora


def main(source: str, target: str, column: str = "image") -> None:
    """Read, restore, keep what succeeded, write."""
    photos = ray.data.read_parquet(source)
    restored = restora.restore_dataset(photos, column=column, task="denoise")
    restored.filter(lambda row: row["restored_status"] != "failed").write_parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
