"""views.*: opening, pushing and updating modals, publishing a home tab."""

from sandbox.workspace.methods.calls import Call, Method
from sandbox.workspace.rates import Tier
from sandbox.workspace.state import JsonObject
from sandbox.workspace.triggers import Trigger
from sandbox.workspace.views import checked, view_json


def view_of(call: Call) -> object:
    return call.args.json_value("view", "invalid_arguments")


def exchanged(call: Call) -> Trigger:
    # A view that Slack refuses does not use the trigger up.
    checked(view_of(call), "modal")
    call.local.triggers.expire_all = call.local.faults.expire_triggers
    return call.local.triggers.exchange(call.args.text("trigger_id"))


def opened(call: Call) -> JsonObject:
    return {"view": view_json(call.local.views.open(exchanged(call).user, view_of(call)))}


def pushed(call: Call) -> JsonObject:
    return {"view": view_json(call.local.views.push(exchanged(call).user, view_of(call)))}


def updated(call: Call) -> JsonObject:
    views = call.local.views
    old = views.find(call.args.maybe("view_id"), call.args.maybe("external_id"))
    return {"view": view_json(views.update(old, view_of(call), call.args.maybe("hash")))}


def published(call: Call) -> JsonObject:
    person = call.person("user_id")
    shown = call.local.views.publish(person.id, view_of(call), call.args.maybe("hash"))
    return {"view": view_json(shown)}


METHODS = {
    "views.open": Method(opened, None, Tier.T4),
    "views.push": Method(pushed, None, Tier.T4),
    "views.update": Method(updated, None, Tier.T4),
    "views.publish": Method(published, None, Tier.T4),
}
