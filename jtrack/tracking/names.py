"""Ids and names of runs: hexadecimal ids as MLflow's, names that one can say aloud.

Drawn from the system's randomness, so that a seed which the user set gives the same numbers with and without jtrack.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid

_ADJECTIVES = (
    "able agile amber azure bold brave bright brisk calm candid cedar clear clever coral cosmic crisp dapper deft "
    "eager early fabled fair fleet fond gentle glad golden grand hale hardy hazel honest humble ivory jaunty jolly "
    "keen kind lively lofty loyal lucid lunar maple mellow merry mild misty neat nimble noble olive patient placid "
    "plucky polar proud quick quiet rapid ready rosy rustic sage serene sharp silver sleek smart solar spry stable "
    "steady sunny supple swift tender tidal tidy trusty upbeat vivid warm wild wise witty zesty"
).split()
_ANIMALS = (
    "ant auk badger bat bear beaver bee bison bobcat bream camel carp cat civet cod condor coot crab crane crow deer "
    "dingo dove duck eagle eel egret elk emu falcon ferret finch fox frog gecko gnu goat goose grouse gull hare hawk "
    "heron hornet ibex ibis impala jackal jay koala koi lark lemur lion lizard llama loon lynx magpie marten mink "
    "mole moose moth mouse mule newt ocelot okapi orca oriole osprey otter owl oyster panda parrot pika plover puffin "
    "quail rabbit raven robin salmon seal shrew skua snipe sparrow squid stoat stork swan swift tapir tern tiger toad "
    "trout turtle viper vole walrus weasel whale wolf wombat wren yak zebra"
).split()


def new_run_id() -> str:
    """Draw a run's id: 32 hexadecimal digits."""
    return uuid.uuid4().hex


def new_run_name() -> str:
    """Draw a name such as ``brisk-heron``; two runs may share one."""
    return f"{secrets.choice(_ADJECTIVES)}-{secrets.choice(_ANIMALS)}"


def experiment_id_of(name: str, salt: int = 0) -> str:
    """Derive an experiment's id from its name: two processes that create it at once create the same one.

    Parameters
    ----------
    salt
        Counts up where an experiment of another name (a renamed one) has the id already.
    """
    digest = hashlib.sha256(f"{name}\0{salt}".encode()).digest()
    return str(10**17 + int.from_bytes(digest[:8], "big") % (9 * 10**17))
