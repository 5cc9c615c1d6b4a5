"""Two processors that need each other."""

from ledger.plugin import Annotation, processor


class Hen(Annotation, frozen=True, kw_only=True, tag="cycle.hen"):
    pass


class Egg(Annotation, frozen=True, kw_only=True, tag="cycle.egg"):
    pass


@processor("hen", version="1.0", requires=[Egg], provides=[Hen])
def hen(article, context):
    """Hens from eggs."""
    return []


@processor("egg", version="1.0", requires=[Hen], provides=[Egg])
def egg(article, context):
    """Eggs from hens."""
    return []
