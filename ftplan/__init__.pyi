from ftplan.cli.remembering.handed_out import Model as Model
from ftplan.cli.remembering.handed_out import model as model
from ftplan.errors import FtplanError as FtplanError

__version__: str
