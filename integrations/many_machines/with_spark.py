"""Restore a column of a table with Spark: spark-submit with_spark.py IN.parquet OUT [COLUMN]."""

import sys
from collections.abc import Iterable, Iterator

import pandas as pd
from pyspark.sql import SparkSession, types

import restora


def main(source: str, target: str, column: str = "image") -> None:
    """Read, restore batch by batch, write."""
    spark = SparkSession.builder.appName("restora").getOrCreate()
    restoring = restora.BatchRestorer(column=column, task="denoise")
    photos = spark.read.parquet(source)
    schema = types.StructType([*photos.schema.fields, types.StructField("restored", types.BinaryType())])
    for name in ("status", "error"):
        schema = schema.add(f"restored_{name}", types.StringType())

    def restored(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            yield restoring(frame)[schema.fieldNames()]

    photos.mapInPandas(restored, schema).write.parquet(target)


if __name__ == "__main__":
    main(*sys.argv[1:])
