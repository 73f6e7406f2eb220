"""What other rooms say of customers, in files: actions, values, contacts; read beside every answer."""
