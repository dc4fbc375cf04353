"""Templates as far as a Concat job needs them: of Tag Concat and Watermark."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from local.ci import schema
from local.ci.document import Element, Tree
from local.ci.errors import refused
from local.ci.jobs import Template, moment
from local.ci.requests import parsed, read_body, refuse
from local.ci.rules import Place, broken_concat_rules, broken_watermark_rules
from local.network.http import Request


class Templates:
    """Those that were made, by id; `now` tells the time, epoch seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._made: dict[str, Template] = {}

    def create(self, request: Request, place: Place) -> Template:
        """Make the one that POST /template asks for; raises a refusal."""
        watermark = parsed(request).value("Tag") == "Watermark"
        body = read_body(request, schema.WATERMARK_TEMPLATE_BODY if watermark else schema.CONCAT_TEMPLATE_BODY)
        node = _node_of(body.value("Tag"))
        content = body.find(node) or Element(node)
        broken = broken_watermark_rules if watermark else broken_concat_rules
        refuse(broken(content, place, f"Request.{node}"))
        template = Template("t" + secrets.token_hex(16), body.value("Tag"), body.value("Name"), content, self._now())
        self._made[template.id] = template
        return template

    def named(self, template_id: str, tag: str) -> Template | None:
        """The one that a job names, None when it names none; raises a refusal for one that is not of this tag."""
        if not template_id:
            return None
        found = self._made.get(template_id)
        if found is None or found.tag != tag:
            raise refused("TemplateNotFound", f"there is no {tag} template {template_id!r}")
        return found


def template_details(template: Template, place: Place) -> dict[str, Tree]:
    """The nodes of Template in the order of the page."""
    return {
        "Tag": template.tag,
        "Name": template.name,
        "State": "Normal",
        "TemplateId": template.id,
        "BucketId": place.bucket,
        "Category": "Custom",
        "CreateTime": moment(template.created),
        "UpdateTime": moment(template.created),
        _node_of(template.tag): template.body.tree(),
    }


def _node_of(tag: str) -> str:
    return "Watermark" if tag == "Watermark" else "ConcatTemplate"
