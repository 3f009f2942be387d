import "./studio.css";
