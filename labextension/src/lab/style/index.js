// The extension's stylesheet, as build-style.mjs makes it.
import '../../../lib/lab/lab.css';
