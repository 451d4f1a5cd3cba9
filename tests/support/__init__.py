# SPDX-License-Identifier: Apache-2.0
"""The real parts of the end-to-end tests: DNS servers, receivers and the two programs themselves.

Everything runs on loopback, on ports that the system gives, in temporary folders, and needs
Debian 12's python3 (3.11) with python3-aiosmtpd and nothing else from outside the standard library.
"""
