"""The embedding models that ship with the project, a folder each."""

from reperage.index.models.folder import SHIPPED_MODEL as SHIPPED_MODEL
from reperage.index.models.folder import model_digest as model_digest
from reperage.index.models.folder import model_folder as model_folder
