"""Say what of a hand-made system isn't adopted, what becomes of it, and what to do before the apply. Pure."""

from collections.abc import Collection, Iterator

from selador_deploy.moving_in.hand_made import HandMade
from selador_deploy.wording import counted


def before_the_apply(system: HandMade) -> Iterator[str]:
    """Yield what to do so that no request is lost while the parts change."""
    if system.queue is not None:
        waiting = int(system.queue["ApproximateNumberOfMessages"])
        held = int(system.queue["ApproximateNumberOfMessagesNotVisible"])
        if waiting or held:
            yield (
                f"the queue has {counted(waiting, 'message')} waiting and {held:,} being worked on; our code can't "
                "read them, and they would end in the dead-letter queue: let the old code finish them"
            )
    for mapping in system.mappings:
        if mapping["UUID"] != system.mapping_id:
            yield (
                f"the mapping {mapping['UUID']} from {mapping['EventSourceArn']} to {mapping['FunctionArn']} isn't "
                "adopted, and would go on: delete it"
            )
        elif mapping["State"] not in {"Disabled", "Disabling"}:
            yield (
                "once the queue is empty, stop the mapping, which would delete what our code gives back: aws lambda "
                f"update-event-source-mapping --no-enabled --uuid {mapping['UUID']} (the apply starts it again)"
            )


def left_over(system: HandMade, adopted_ids: Collection[str]) -> Iterator[str]:
    """Yield what stays as it is, since no import block names it. Terraform neither changes nor deletes it."""
    for role in sorted({str(one["Role"]) for one in system.functions.values()}):
        names = " and ".join(name for name, one in sorted(system.functions.items()) if one["Role"] == role)
        yield f"the role {role}: each function gets a role of its own, which allows less; this one was for {names}"
    for name, ids in sorted(system.statements.items()):
        for id_ in ids:
            yield f"the permission {id_} to call {name} itself: the API will call its alias, by permissions of its own"
    for route in system.routes:
        if f"{system.api_id}/{route['RouteId']}" not in adopted_ids:
            yield f"the route {route['RouteKey']}: it keeps its integration, and the stage goes on serving it"
    for integration in system.integrations:
        yield f"the integration {integration['IntegrationId']}: our routes share one that is made"
    for stage in system.stages:
        if f"{system.api_id}/{stage}" not in adopted_ids:
            yield f"the stage {stage}: it goes on serving its own deployment"
    yield "the API's earlier deployments: the stage can serve one of them again"
