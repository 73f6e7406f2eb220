"""Who asked what about whom, and when: lines that name no customer, and yet tell who asked about one."""
