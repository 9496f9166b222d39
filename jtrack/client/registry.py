"""The client's methods for registered models, their versions, aliases and stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jtrack.client.base import ClientBase
from jtrack.client.pages import PagedList, read_page
from jtrack.entities import ModelVersion, RegisteredModel
from jtrack.registry import versions
from jtrack.registry.addresses import locate_version


class RegistryMethods(ClientBase):
    """The registry; see :mod:`jtrack.registry.versions` for what each function does and raises."""

    def create_registered_model(
        self, name: str, tags: Mapping[str, Any] | None = None, description: str | None = None, **_: Any
    ) -> RegisteredModel:
        """Make a registered model that has no version yet."""
        with self._asking():
            return versions.create_registered_model(name, tags, description)

    def rename_registered_model(self, name: str, new_name: str) -> RegisteredModel:
        """Give a registered model another name."""
        with self._asking():
            return versions.rename_registered_model(name, new_name)

    def update_registered_model(self, name: str, description: str | None = None, **_: Any) -> RegisteredModel:
        """Replace a registered model's description."""
        with self._asking():
            return versions.update_registered_model(name, description)

    def delete_registered_model(self, name: str) -> None:
        """Delete a registered model with all its versions."""
        with self._asking():
            versions.delete_registered_model(name)

    def get_registered_model(self, name: str) -> RegisteredModel:
        """Get a registered model."""
        with self._asking():
            return versions.get_registered_model(name)

    def search_registered_models(
        self,
        filter_string: str | None = None,
        max_results: int = 100,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RegisteredModel]:
        """Search registered models, a page at a time."""
        with self._asking():
            return read_page(
                lambda n: versions.search_registered_models(n, filter_string, order_by), max_results, page_token
            )

    def set_registered_model_tag(self, name: str, key: str, value: Any) -> None:
        """Set a tag of a registered model."""
        with self._asking():
            versions.set_registered_model_tag(name, key, value)

    def delete_registered_model_tag(self, name: str, key: str) -> None:
        """Take a tag off a registered model."""
        with self._asking():
            versions.delete_registered_model_tag(name, key)

    def create_model_version(
        self,
        name: str,
        source: Any,
        run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        run_link: str | None = None,
        description: str | None = None,
        **_: Any,
    ) -> ModelVersion:
        """Register a model as the next version of a registered model that is there."""
        with self._asking():
            return versions.create_model_version(name, source, run_id, tags, run_link, description)

    def copy_model_version(self, src_model_uri: Any, dst_name: str) -> ModelVersion:
        """Register a version once more under another name."""
        with self._asking():
            return versions.copy_model_version(src_model_uri, dst_name)

    def update_model_version(self, name: str, version: int | str, description: str | None = None) -> ModelVersion:
        """Replace a version's description."""
        with self._asking():
            return versions.update_model_version(name, version, description)

    def delete_model_version(self, name: str, version: int | str) -> None:
        """Delete a version."""
        with self._asking():
            versions.delete_model_version(name, version)

    def get_model_version(self, name: str, version: int | str) -> ModelVersion:
        """Get a version."""
        with self._asking():
            return versions.get_model_version(name, version)

    def get_model_version_download_uri(self, name: str, version: int | str) -> str:
        """Give the folder of a version's model."""
        with self._asking():
            return str(locate_version(versions.get_model_version(name, version)).path)

    def search_model_versions(
        self,
        filter_string: str | None = None,
        max_results: int = 10_000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[ModelVersion]:
        """Search versions, a page at a time."""
        with self._asking():
            return read_page(
                lambda n: versions.search_model_versions(n, filter_string, order_by), max_results, page_token
            )

    def get_latest_versions(self, name: str, stages: Sequence[str] | None = None) -> list[ModelVersion]:
        """Get the newest version of each stage."""
        with self._asking():
            return versions.get_latest_versions(name, stages)

    def transition_model_version_stage(
        self, name: str, version: int | str, stage: str, archive_existing_versions: bool = False
    ) -> ModelVersion:
        """Move a version to a stage."""
        with self._asking():
            return versions.transition_model_version_stage(name, version, stage, archive_existing_versions)

    def set_model_version_tag(
        self,
        name: str,
        version: int | str | None = None,
        key: str = "",
        value: Any = None,
        stage: str | None = None,
    ) -> None:
        """Set a tag of a version, given by its number or as the newest of a stage."""
        with self._asking():
            versions.set_model_version_tag(name, _version(name, version, stage), key, value)

    def delete_model_version_tag(
        self, name: str, version: int | str | None = None, key: str = "", stage: str | None = None
    ) -> None:
        """Take a tag off a version, given by its number or as the newest of a stage."""
        with self._asking():
            versions.delete_model_version_tag(name, _version(name, version, stage), key)

    def set_registered_model_alias(self, name: str, alias: str, version: int | str) -> None:
        """Put an alias on a version."""
        with self._asking():
            versions.set_registered_model_alias(name, alias, version)

    def delete_registered_model_alias(self, name: str, alias: str) -> None:
        """Take an alias away."""
        with self._asking():
            versions.delete_registered_model_alias(name, alias)

    def get_model_version_by_alias(self, name: str, alias: str) -> ModelVersion:
        """Get the version that an alias stands on."""
        with self._asking():
            return versions.get_model_version_by_alias(name, alias)


def _version(name: str, version: int | str | None, stage: str | None) -> int | str:
    if version is not None or stage is None:
        return version if version is not None else ""
    from jtrack.registry.listing import get_newest_version
    from jtrack.registry.names import parse_stage

    return get_newest_version(name, parse_stage(stage)).version
