"""The one door to Parquet files of ours: encrypted where the settings ask for it, read whichever they are.

Arrow's own encryption (Parquet Modular Encryption, AES-256-GCM): footer, schema, statistics and pages, a data key a
file, wrapped with the key of the environment, whose id stands in the file. A file that is not encrypted is read as it
is. Readers of one customer still skip the groups that do not hold them. Start reading at `opened` and `write_table`.
"""

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from features.encryption import KEY_BYTES, FileKeys, NoFileKey, file_keys, keys_for

COMPRESSION = "zstd"
MAGIC = b"PARE"  # with an encrypted footer; PAR1 without


def is_encrypted(path: Path) -> bool:
    """Whether a file is encrypted."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def opened(path: Path, **options: Any) -> pq.ParquetFile:
    """A file to read from; a context manager.

    Args:
        path: the file.
        options: of pyarrow.parquet.ParquetFile.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    return pq.ParquetFile(path, decryption_properties=_decryption(path), **options)


def read_table(path: Path, columns: Sequence[str] | None = None, **options: Any) -> pa.Table:
    """Columns of a file, and the rows that `filters` lets through.

    Args:
        path: the file.
        columns: all where None.
        options: of pyarrow.parquet.read_table.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    wanted = None if columns is None else list(columns)
    return pq.read_table(path, columns=wanted, partitioning=None, decryption_properties=_decryption(path), **options)


def read_frame(path: Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Columns of a file as pandas reads them.

    Raises:
        NoFileKey, WrongFileKey: it is encrypted, and its key is not here.
    """
    found: pd.DataFrame = read_table(path, columns).to_pandas()
    return found


def names_of(path: Path) -> list[str]:
    """The columns that a file has."""
    with opened(path) as file:
        return [str(name) for name in file.schema_arrow.names]


def write_table(table: pa.Table, path: Path, **options: Any) -> None:
    """Write a file at once.

    Args:
        table: its rows.
        path: where; whether it is encrypted depends on that alone.
        options: of pyarrow.parquet.write_table.

    Raises:
        OSError: the disk is full. NoFileKey: it is to be encrypted, and there is no key.
    """
    pq.write_table(table, path, compression=COMPRESSION, encryption_properties=_encryption(path), **options)


def digest_of(path: Path, **options: Any) -> str:
    """SHA-256 of a file as `write_table` writes it unencrypted: encrypting anew gives other bytes, and no other digest.

    Args:
        path: the file.
        options: with which it was written.
    """
    if not is_encrypted(path):
        return hashlib.sha256(path.read_bytes()).hexdigest()
    plain = pa.BufferOutputStream()
    with opened(path) as file:
        pq.write_table(file.read().combine_chunks(), plain, compression=COMPRESSION, **options)
    return hashlib.sha256(plain.getvalue()).hexdigest()


def writer(path: Path, schema: pa.Schema, **options: Any) -> pq.ParquetWriter:
    """A file to write group by group; a context manager.

    Args:
        path: the file.
        schema: of its rows.
        options: of pyarrow.parquet.ParquetWriter.

    Raises:
        NoFileKey: it is to be encrypted, and there is no key.
    """
    return pq.ParquetWriter(path, schema, compression=COMPRESSION, encryption_properties=_encryption(path), **options)


def _encryption(path: Path) -> Any:
    keys = keys_for(path)
    if keys is None:
        return None
    from pyarrow.parquet.encryption import EncryptionConfiguration

    factory, connection = _factory(keys.current, tuple(keys.by_id.items()))
    wanted = EncryptionConfiguration(
        footer_key=keys.current, uniform_encryption=True, data_key_length_bits=KEY_BYTES * 8, double_wrapping=False
    )
    return factory.file_encryption_properties(connection, wanted)


def _decryption(path: Path) -> Any:
    if not path.is_file() or not is_encrypted(path):
        return None
    keys = file_keys()
    if not keys.by_id:
        raise NoFileKey(f"{path} is encrypted")
    factory, connection = _factory(keys.current, tuple(keys.by_id.items()))
    return factory.file_decryption_properties(connection)


@lru_cache(maxsize=4)
def _factory(current: str | None, by_id: tuple[tuple[str, bytes], ...]) -> tuple[Any, Any]:
    """What Arrow asks for data keys: it wraps them with the keys of the environment, in this process."""
    from pyarrow.parquet.encryption import CryptoFactory, KmsClient, KmsConnectionConfig

    keys = FileKeys(current, dict(by_id))

    class InProcess(KmsClient):  # type: ignore[misc,unused-ignore]
        """A key management service that is a variable."""

        def wrap_key(self, key_bytes: bytes, master_key_identifier: str) -> bytes:
            """A data key as the file keeps it."""
            del master_key_identifier
            return keys.wrap(key_bytes).encode()

        def unwrap_key(self, wrapped_key: str | bytes, master_key_identifier: str) -> bytes:
            """The data key of a file."""
            return keys.unwrap(wrapped_key, master_key_identifier)

    return CryptoFactory(lambda _: InProcess()), KmsConnectionConfig()
