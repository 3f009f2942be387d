import "./watch.css";
