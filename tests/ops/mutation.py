"""Faults in the source: every function behind a gradient, with one small thing changed at a time.

A sign swapped, a factor dropped, a constant moved by one, a comparison turned round or moved to its
boundary, a condition negated. The changed file is compiled and run; nothing on disk is touched.
"""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from pellucid.ops import patches

if TYPE_CHECKING:
    from collections.abc import Iterator

SIGNS: dict[type[ast.operator], ast.operator] = {
    ast.Add: ast.Sub(),
    ast.Sub: ast.Add(),
    ast.BitAnd: ast.BitOr(),
    ast.BitOr: ast.BitAnd(),
}
TURNED: dict[type[ast.cmpop], tuple[ast.cmpop, ...]] = {
    ast.Gt: (ast.Lt(), ast.GtE()),
    ast.Lt: (ast.Gt(), ast.LtE()),
    ast.GtE: (ast.LtE(), ast.Gt()),
    ast.LtE: (ast.GtE(), ast.Lt()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
    ast.Is: (ast.IsNot(),),
    ast.IsNot: (ast.Is(),),
}
FACTORS = (ast.Mult, ast.Div, ast.FloorDiv, ast.MatMult, ast.Pow)


@dataclass(frozen=True)
class Target:
    """A function that a gradient is made with: its place."""

    module: ModuleType
    owner: type | None
    name: str

    def __str__(self) -> str:
        stem = self.owner.__name__ if self.owner else self.module.__name__.rpartition(".")[2]
        return f"{stem}.{self.name}"


@dataclass(frozen=True)
class Mutant:
    """One change: in which function, what a statement becomes, and the changed file."""

    target: Target
    becomes: str
    code: CodeType

    def spoil(self, instance: Any) -> Any:
        """An instance like the one given, whose class has the changed functions."""
        namespace = _execute(self.code, self.target.module)
        methods: dict[str, Any] = {}
        for owner in type(instance).__mro__:
            if not any(isinstance(v, FunctionType) for v in vars(owner).values()):
                continue
            module = inspect.getmodule(owner)
            if module is self.target.module:
                source = namespace
            elif self.target.module is patches and vars(module).get("patches") is patches:
                assert module is not None
                # The file as it is, but its patches are the changed ones.
                source = _execute(_compiled(module), module)
                source["patches"] = _Namespace(namespace)
            else:
                continue
            for name, value in vars(source[owner.__name__]).items():
                overridden = inspect.getattr_static(instance, name, None) is not vars(owner)[name]
                if isinstance(value, FunctionType) and not overridden:
                    methods[name] = value
        spoilt: Any = object.__new__(type("Spoilt", (type(instance),), methods))
        vars(spoilt).update(vars(instance))
        return spoilt


class _Namespace:
    """Names as attributes, as a module has them."""

    def __init__(self, names: dict[str, Any]) -> None:
        self.__dict__.update(names)


@cache
def _parse(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


@cache
def _compiled(module: ModuleType) -> CodeType:
    return compile(_parse(module), f"<{module.__name__} again>", "exec")


def _execute(code: CodeType, module: ModuleType) -> dict[str, Any]:
    # Under the module's own name: dataclasses look their annotations up there.
    namespace: dict[str, Any] = {"__name__": module.__name__}
    exec(code, namespace)  # noqa: S102 - our own source, with one change
    return namespace


def _definition(tree: ast.Module, target: Target) -> ast.FunctionDef:
    body: list[ast.stmt] = tree.body
    if target.owner is not None:
        (body,) = (
            node.body
            for node in tree.body
            if isinstance(node, ast.ClassDef) and node.name == target.owner.__name__
        )
    (found,) = (
        node for node in body if isinstance(node, ast.FunctionDef) and node.name == target.name
    )
    return found


def targets(made: type, *entries: str) -> list[Target]:
    """The functions behind a class's methods: themselves, and what they call.

    Followed are methods of the class and its bases, functions of the same file, and those of
    ``patches``.
    """
    found: list[Target] = []
    waiting = [_method(made, entry) for entry in entries]
    while waiting:
        target = waiting.pop(0)
        if target is None or target in found:
            continue
        found.append(target)
        for node in ast.walk(_definition(_parse(target.module), target)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                if node.value.id == "self":
                    waiting.append(_method(made, node.attr))
                elif vars(target.module).get(node.value.id) is patches:
                    waiting.append(_function(patches, node.attr))
            elif isinstance(node, ast.Name):
                waiting.append(_function(target.module, node.id))
    return found


def _method(made: type, name: str) -> Target | None:
    for owner in made.__mro__:
        value = vars(owner).get(name)
        if value is not None:
            if not isinstance(value, FunctionType) or getattr(value, "__isabstractmethod__", False):
                return None
            module = inspect.getmodule(owner)
            assert module is not None
            return Target(module, owner, name)
    return None


def _function(module: ModuleType, name: str) -> Target | None:
    value = vars(module).get(name)
    if isinstance(value, FunctionType) and value.__module__ == module.__name__:
        return Target(module, None, name)
    return None


def unchanged(target: Target) -> Mutant:
    """No change at all: what a check of mutants must accept."""
    return Mutant(target, "nothing", _compiled(target.module))


def mutants(target: Target) -> Iterator[Mutant]:
    """Every change of one function."""
    tree = _parse(target.module)
    function = _definition(tree, target)
    for place in list(_places(function, function)):
        for changed in _changes(place.node):
            ast.fix_missing_locations(ast.copy_location(changed, place.node))
            place.put(changed)
            statement = changed if isinstance(changed, ast.stmt) else place.statement
            becomes = ast.unparse(statement).splitlines()[0]
            code = compile(tree, f"<{target}: {becomes}>", "exec")
            place.put(place.node)
            yield Mutant(target, becomes, code)


@dataclass(frozen=True)
class _Place:
    """A node, its parent, the field it is in (and where in its list), and its statement."""

    node: ast.AST
    parent: ast.AST
    field: str
    index: int | None
    statement: ast.AST

    def put(self, node: ast.AST) -> None:
        """Put another node there."""
        if self.index is None:
            setattr(self.parent, self.field, node)
        else:
            getattr(self.parent, self.field)[self.index] = node


def _places(parent: ast.AST, statement: ast.AST) -> Iterator[_Place]:
    """Every node below another."""
    for field, value in ast.iter_fields(parent):
        listed = isinstance(value, list)
        for index, node in enumerate(value if listed else [value]):
            if isinstance(node, ast.AST):
                inside = node if isinstance(node, ast.stmt) else statement
                yield _Place(node, parent, field, index if listed else None, inside)
                yield from _places(node, inside)


def _changes(node: ast.AST) -> list[ast.AST]:
    """What one node may become."""
    changed: list[ast.AST] = []
    if isinstance(node, ast.BinOp):
        if type(node.op) in SIGNS:
            changed.append(ast.BinOp(node.left, SIGNS[type(node.op)], node.right))
        if isinstance(node.op, FACTORS):
            changed += [node.left, node.right]
    elif isinstance(node, ast.AugAssign) and type(node.op) in SIGNS:
        changed.append(ast.AugAssign(node.target, SIGNS[type(node.op)], node.value))
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        changed.append(node.operand)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        assert isinstance(node.value, int | float)
        changed += [ast.Constant(node.value + 1), ast.Constant(node.value - 1)]
    elif isinstance(node, ast.Compare):
        (operator,) = node.ops
        for turned in TURNED.get(type(operator), ()):
            changed.append(ast.Compare(node.left, [turned], node.comparators))
    elif isinstance(node, ast.IfExp):
        changed.append(ast.IfExp(node.test, node.orelse, node.body))
    elif isinstance(node, ast.If):
        negated = ast.UnaryOp(ast.Not(), node.test)
        changed.append(ast.If(negated, node.body, node.orelse))
    return changed
