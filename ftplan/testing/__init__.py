"""For authors of plug-ins: the rules behind the Protocols of `ftplan.core.ports`, as tests to inherit.

    class TestMine(ProviderContract):
        @pytest.fixture
        def provider(self): return MyProvider(...)

    class TestMyStore(BackendContract):
        @pytest.fixture
        def backend(self): return MyBackend(...)

Needs pytest. What a test cannot find out by itself it takes from fixtures that the class overrides.
"""

from __future__ import annotations

from ftplan.testing.backend_contract import BackendContract, claim_of
from ftplan.testing.provider_contract import ListsJobsContract, ProviderContract, upload_of
from ftplan.testing.stopped_clock import StoppedClock

__all__ = ["BackendContract", "ListsJobsContract", "ProviderContract", "StoppedClock", "claim_of", "upload_of"]
