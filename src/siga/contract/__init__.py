"""The words the services share: frozen structs, no I/O. Nothing else crosses a service's wall."""
