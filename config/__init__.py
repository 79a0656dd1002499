"""How the installation is put together: settings, routes, services, processes."""
