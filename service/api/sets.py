"""Addresses of region sets, their regions and their publications."""

from __future__ import annotations

from fastapi import APIRouter

from data.regions import Region, RegionSet, list_region_sets, load_region_set
from service.api.context import ApiContext
from service.api.parameters import SetPath
from service.api.problem_schema import declare_problems
from service.api.publications import describe_head
from service.api.schemas import PublicationItem, RegionOut, SetOut
from service.feeds.addresses import write_address
from service.publications.store import find_head, list_formats, list_publications


def make_set_routes(context: ApiContext) -> APIRouter:
    """Returns the routes of region sets."""
    router = APIRouter(tags=["sets"])

    @router.get("/sets", responses=declare_problems())
    def list_sets() -> list[SetOut]:
        """Lists the region sets with their newest publication."""
        with context.database.read() as connection:
            listed = []
            for region_set in list_region_sets(connection):
                head = find_head(connection, region_set.name)
                listed.append(
                    SetOut(
                        set=region_set.name,
                        kind=region_set.kind,
                        step=region_set.step,
                        source=region_set.source,
                        n_regions=len(region_set.regions),
                        countries=list(region_set.countries),
                        schematic_map=region_set.is_schematic,
                        attribution=region_set.attribution,
                        latest=None if head is None else describe_head(head),
                    )
                )
            return listed

    @router.get("/sets/{set}/regions", responses=declare_problems("unknown_name"))
    def list_regions(set_name: SetPath) -> list[RegionOut]:
        """Lists the regions of a set, in the order of every feed."""
        with context.database.read() as connection:
            region_set = load_region_set(connection, set_name)
        return [
            describe_region(region_set, position, region)
            for position, region in enumerate(region_set.regions)
        ]

    @router.get("/sets/{set}/publications", responses=declare_problems("unknown_name"))
    def list_set_publications(set_name: SetPath) -> list[PublicationItem]:
        """Lists all publications of a set with all revisions, the newest first."""
        with context.database.read() as connection:
            heads = list_publications(connection, set_name)
            formats = list_formats(connection, set_name)
            if not heads:
                load_region_set(connection, set_name)
        newest: dict[object, int] = {}
        for head in heads:
            newest.setdefault(head.as_of, head.revision)
        return [
            PublicationItem(
                **describe_head(head).model_dump(),
                newest_revision=newest[head.as_of] == head.revision,
                files={
                    name: write_address(set_name, name, head.as_of, head.revision)
                    for name in formats.get(head.publication_id, [])
                },
            )
            for head in heads
        ]

    return router


def describe_region(region_set: RegionSet, position: int, region: Region) -> RegionOut:
    """Returns a region as it is answered."""
    identifiers = region_set.region_ids
    return RegionOut(
        region_id=region.region_id,
        region_name=region.name,
        country=region.country,
        neighbours=[identifiers[index] for index in region_set.neighbours[position]],
        bbox=[round(bound, 6) for bound in region.geometry.bounds],
        parent=region.parent,
        valid_from=region.valid_from,
        valid_to=region.valid_to,
    )
