"""What every broker must do. Inherit `BrokerContract` and give it the fixture `harness`.

Clauses for a capability that the broker does not declare are skipped.
"""

from millhand.testing.contract.control import ControlClauses, NotifyClauses, TransactClauses
from millhand.testing.contract.failing import FailureClauses
from millhand.testing.contract.features import (
    DedupeClauses,
    DelayClauses,
    InspectClauses,
    LimitClauses,
    OrderClauses,
)
from millhand.testing.contract.life_cycle import LifeCycleClauses
from millhand.testing.contract.ownership import OwnershipClauses
from millhand.testing.contract.payload import PayloadClauses
from millhand.testing.contract.stateful import ModelClauses


class BrokerContract(
    PayloadClauses,
    OwnershipClauses,
    FailureClauses,
    LifeCycleClauses,
    DelayClauses,
    OrderClauses,
    LimitClauses,
    DedupeClauses,
    InspectClauses,
    ControlClauses,
    NotifyClauses,
    TransactClauses,
    ModelClauses,
):
    """All clauses."""
