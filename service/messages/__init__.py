"""What students and teachers read, by language."""

from reperage.service.messages.catalogue import messages as messages
